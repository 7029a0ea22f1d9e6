package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// Asks the guide's code about each line of its input: a kind and fields in base64, "-" where there is none.
func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		names := []string{"webhook-id", "webhook-timestamp", "webhook-signature"}
		judge := IsFromKeyhook
		if fields[0] == "simple" {
			names = []string{"X-Webhook-Signature", "X-Webhook-Signature-Previous"}
			judge = IsSignedByKeyhook
		}
		header := http.Header{}
		for i, name := range names {
			if fields[i+3] != "-" {
				header.Set(name, string(bytes(fields[i+3])))
			}
		}
		fmt.Println(judge(bytes(fields[1]), header, string(bytes(fields[2]))))
	}
}

func bytes(field string) []byte {
	decoded, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		panic(err)
	}
	return decoded
}
