"""The sample bank: invented people and their accounts, made from a seed."""
