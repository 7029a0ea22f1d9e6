/** Forwards attempts to the machines of developers, where the command {@code listen} takes them. */
package io.keyhook.listen;
