"""Sites, plans and the record for the page's Plan and Record views; heavy work runs in processes of its own."""
