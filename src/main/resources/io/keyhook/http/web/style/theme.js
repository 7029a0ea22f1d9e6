// Applies the chosen theme before the page is rendered.
try {
  const theme = localStorage.getItem('keyhook-theme');
  if (theme === 'light' || theme === 'dark') {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // storage is denied: the system's theme applies
}
