"""The pages about keys: an organization's own, for those who may rotate them, and the instance's for administrators."""
