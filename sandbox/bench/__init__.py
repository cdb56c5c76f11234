"""Figures of the running sandbox: each module measures one thing and says how; ``python -m pipeline bench --help`` lists them."""
