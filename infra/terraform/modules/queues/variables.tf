variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "region" {
  type        = string
  description = "Region of the queues: that of the functions."
}

variable "most_at_once" {
  type        = map(number)
  description = "Calls that all instances of a function take at once, by function."
}
