"""The playbook in Google Sheets: the owner's rows there, a copy of them here."""
