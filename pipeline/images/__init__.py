"""Commands that build, stage, pin and describe the images."""
