"""Publication: a reviewed draft becomes a signed, versioned bundle and a readable folder."""
