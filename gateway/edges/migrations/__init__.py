"""Steps from one shape of the database to the next, by alembic; run by database.migrate."""
