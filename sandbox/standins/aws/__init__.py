"""The types of pulumi-aws that the program declares, in front of an S3 and IAM emulator and never of AWS itself."""
