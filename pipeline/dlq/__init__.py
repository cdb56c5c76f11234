"""Dead letters: records that the sink has set aside, listed, shown, put back or dropped."""
