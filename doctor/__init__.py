"""What keeps an installation from running, said in plain sentences: settings, stores, WhatsApp, Stripe, the way in."""
