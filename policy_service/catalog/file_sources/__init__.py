"""Files as data sources: folders of Parquet, CSV and JSON lines, and descriptions of schemas."""
