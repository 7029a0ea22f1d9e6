// Before anything is drawn: the theme that was chosen here, where one was.
try {
  const theme = localStorage.getItem('keyhook-theme');
  if (theme === 'light' || theme === 'dark') {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // storage is closed to this page: the system's theme it is
}
