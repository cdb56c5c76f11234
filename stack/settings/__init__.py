"""Settings of a stack: sections, field types and the rules within one section. No Pulumi, no rendering, no rule across sections."""
