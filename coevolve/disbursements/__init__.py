"""Disbursements."""
