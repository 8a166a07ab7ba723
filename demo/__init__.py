"""The main job, shown: sessions on real shells, everything killed, everything back."""
