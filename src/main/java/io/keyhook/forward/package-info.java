/** The command {@code listen}: a client of a node that forwards a webhook's requests to an endpoint on the same machine. */
package io.keyhook.forward;
