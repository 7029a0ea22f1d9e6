/** How one attempt is made: what is sent, how it is signed, its bounds, and how it ended. */
package io.keyhook.attempt;
