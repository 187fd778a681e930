self.close() // has no work yet
