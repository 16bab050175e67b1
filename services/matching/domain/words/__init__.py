"""What is said of each rule, part and label, in Danish and English, with the numbers that decide."""
