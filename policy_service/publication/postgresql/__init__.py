"""PostgreSQL native mode: a bundle as roles, grants, row security and views of the database."""
