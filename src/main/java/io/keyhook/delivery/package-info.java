/** What is sent when: the queue, leases, retries and results. */
package io.keyhook.delivery;
