"""Operators with a file of their own: the scalar form beside the vectorised one."""
