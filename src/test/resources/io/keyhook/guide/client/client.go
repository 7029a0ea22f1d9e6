// As client.mjs.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"client/keyhook"
)

func show(result keyhook.Result) {
	code := result.Code
	if code == "" {
		code = "-"
	}
	fmt.Println(result.Allowed, code)
}

func main() {
	command, args := os.Args[1], os.Args[2:]
	if command == "webhook" {
		headers := http.Header{}
		for i, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			headers.Set(name, args[i+1])
		}
		fmt.Println(keyhook.VerifyWebhook([]byte(args[0]), headers, args[4], time.Now()))
		return
	}
	text, err := os.ReadFile("keys.json")
	if err != nil {
		panic(err)
	}
	var keys keyhook.KeySet
	if err := json.Unmarshal(text, &keys); err != nil {
		panic(err)
	}
	tries, _ := strconv.Atoi(args[1])
	seconds, _ := strconv.Atoi(args[2])
	lease := os.Getenv("LEASE")
	if lease == "" {
		lease = "lease.json"
	}
	client := &keyhook.Client{Server: args[0], Keys: keys, File: lease, Tries: tries,
		Now: func() time.Time { return time.Now().Add(time.Duration(seconds) * time.Second) }}
	if len(args) > 5 {
		client.ProductID = args[5]
	}
	switch command {
	case "race":
		kept, _ := os.ReadFile(lease)
		for i := 0; i < 20; i++ {
			os.WriteFile(lease, kept, 0o600)
			client := &keyhook.Client{Server: args[0], Keys: keys, File: lease, Tries: 1}
			ended, joined := make(chan bool), make(chan bool)
			go func() {
				defer close(joined)
				for {
					select {
					case <-ended:
						return
					default:
						client.Offline(args[3], args[4])
					}
				}
			}()
			result := client.Validate(args[3], args[4])
			close(ended)
			<-joined
			_, missing := os.Stat(lease)
			fmt.Println(result.Code, client.Offline(args[3], args[4]).Allowed, missing == nil)
		}
	case "overlap":
		validated := make(chan keyhook.Result)
		go func() { validated <- client.Validate(args[3], args[4]) }()
		client.Deactivate(args[3], args[4])
		client.Deactivate(args[3], args[4])
		show(<-validated)
		show(client.Offline(args[3], args[4]))
	case "moved":
		os.Rename(lease, "moved")
		show(client.Validate(args[3], args[4]))
		os.Rename("moved", lease)
		show(client.Offline(args[3], args[4]))
	case "deactivate":
		fmt.Println(client.Deactivate(args[3], args[4]))
	case "heartbeat":
		ctx, cancel := context.WithCancel(context.Background())
		client.Heartbeat(ctx, args[3], args[4], 50*time.Millisecond, func(result keyhook.Result) {
			show(result)
			cancel()
		})
	case "again":
		show(client.Validate(args[3], args[4]))
		show(client.Offline(args[3], args[4]))
	default:
		show(client.Validate(args[3], args[4]))
	}
}
