"""What no stack may do: rules as plain functions over what a program declares, and the CrossGuard pack that enforces them."""
