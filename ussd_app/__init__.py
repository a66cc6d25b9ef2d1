"""Sertakan: enrol, pay and look up coverage with the plainest phone."""
