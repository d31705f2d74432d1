"""An organisation's own documents: DOCX, HTML, Markdown, plain text."""
