"""The Pulumi engine itself on the sandbox's ground: built from Go modules, given its plugins, driven through its Automation API."""
