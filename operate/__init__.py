"""Commands for the days after the first ``up``; none of them is part of the program that Pulumi runs."""
