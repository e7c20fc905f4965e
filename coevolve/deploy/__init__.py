"""What production needs beside the image: the proxy's settings, the database's roles, a probe for containers."""
