"""What compliance officers use: explain, check and test a pack."""
