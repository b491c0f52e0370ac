"""Who works here, and which machines may write."""
