"""Rules for every stack: plain functions over the declared resources, and the CrossGuard pack that enforces them."""
