"""What came of studies: their record, responses and thresholds, answers, figures."""
