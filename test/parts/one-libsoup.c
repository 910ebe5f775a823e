/*
 * Loaded into Debian 12's whip-client, which uses libsoup 2. Its GStreamer brings libsoup 3 along, for
 * UPnP that nobody asks for, and libsoup 3 ends a process in which it finds libsoup 2. It does not find it.
 */
void *dlsym(void *handle, const char *name);
int strncmp(const char *one, const char *other, unsigned long length);

int g_module_symbol(void *module, const char *name, void **symbol) {
  int (*next)(void *, const char *, void **) = dlsym((void *)-1l, "g_module_symbol");
  return strncmp(name, "soup_", 5) != 0 && next(module, name, symbol);
}
