self.addEventListener('install', () => {}) // has no work yet
