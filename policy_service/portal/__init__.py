"""The portal: server-rendered pages on which people review, publish and look things up."""
