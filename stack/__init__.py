"""What a stack is: settings, specification, judgement; pure."""
