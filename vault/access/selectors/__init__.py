"""Finding what is asked for and owed. Fetching is authorizing, as in `orgs.selectors`."""
