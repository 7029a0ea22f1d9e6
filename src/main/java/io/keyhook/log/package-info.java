/** The delivery log: reading it, watching it live, redelivering, recovering and canceling. */
package io.keyhook.log;
