"""RQ workers: each job carries an id or nothing, may run twice, may be lost."""
