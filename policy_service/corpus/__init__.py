"""Regulations and internal standards: digests read to provisions that rules can cite.

This stage reads and checks what is written; finding the passages that fit a question is
retrieval's work, and what an obligation does to a draft is drafting's.
"""
