"""Keys, pastes and the mouse: what they may do, before any widget sees them."""
