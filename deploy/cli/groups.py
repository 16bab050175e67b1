"""The headings that commands stand under in the help, in this order."""

from cyclopts import Group

RUN = Group("Start og stop / Run it", sort_key=1)
PLACES = Group("Pladser og behov / Places and needs", sort_key=2)
OPERATE = Group("Drift / Operate", sort_key=3)
MEASURE = Group("Mål / Measure", sort_key=4)
OTHER = Group("Andet / Other", sort_key=5)
