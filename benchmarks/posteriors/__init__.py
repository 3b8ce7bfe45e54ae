"""What the benchmarks of posteriors share: budgets, records, sbibm's files, closed forms, enumeration."""
