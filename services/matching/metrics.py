"""What a matching worker counts for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """The figures of one worker, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.vacancy_events = Counter(
            "ledigplads_matching_vacancy_events", "Vacancy events that were news", registry=self.registry
        )
        self.need_events = Counter("ledigplads_matching_need_events", "Versions of open needs taken in", registry=self.registry)
        self.emitted = Counter("ledigplads_matching_emitted", "Records written to matches", ["kind"], registry=self.registry)
        self.fenced = Counter("ledigplads_matching_fenced", "Times that a higher claim took a partition", registry=self.registry)
        self.restored = Gauge("ledigplads_matching_restored", "1 when every owned partition is live", registry=self.registry)
        self.partitions = Gauge("ledigplads_matching_partitions", "Partitions owned", registry=self.registry)
        self.needs = Gauge("ledigplads_matching_needs", "Open needs of the owned partitions", registry=self.registry)
        self.pairs = Gauge("ledigplads_matching_pairs", "(need, place) pairs on their lists", registry=self.registry)
        self.vacancies = Gauge("ledigplads_matching_vacancies", "Open vacancies known", registry=self.registry)
        self.unsaid = Gauge("ledigplads_matching_unsaid", "Needs with something to say or to compare", registry=self.registry)
        self.lag = Gauge("ledigplads_matching_lag", "Records not yet read", ["topic", "partition"], registry=self.registry)
